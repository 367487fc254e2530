"""Ground floor: workspaces, people, customers, events, catalogue, conditions and the tools of all floors."""
