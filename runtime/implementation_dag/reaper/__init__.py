"""The reaper: what nobody wants any more goes, whatever died before it could take it away."""
