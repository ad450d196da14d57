"""What every wing stands on: one transaction told after its commit, who may see what, who is there, and the bytes of the wire."""
