"""The requirements, a folder for each area. One function is one requirement; nothing else has to be edited to add one."""
