"""Who somebody is, and what ends it: accounts, sessions, tablets, and viewers of pictures."""
