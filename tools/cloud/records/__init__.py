"""What the database holds and the rules on it: plain functions of a Store, no HTTP."""
