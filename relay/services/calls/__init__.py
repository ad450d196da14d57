"""A 119 call and its pictures, from the link to the caller's phone to the clip that is kept."""
