-- Locks: none but of the catalogue.
-- Labels that rules put are offered as those put by hand are.

GRANT INSERT ON labels TO chorus_system;
