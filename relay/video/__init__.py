"""Live video: encoded packets from one caller to many viewers, never decoded. Others see ``port``."""
