"""The fault lab: real processes with a bad radio between them, and a count of every sample after."""
