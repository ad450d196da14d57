"""An ambulance's tablet on its link: what it sends, what it is told."""
