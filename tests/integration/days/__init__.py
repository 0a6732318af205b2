"""Days of an ordinary home with the blueprints in it; no time is waited for."""
