"""What ``kyumei doctor`` looks at: each thing also when it is missing, destroyed, empty or somebody else's."""
