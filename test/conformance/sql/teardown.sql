DROP TABLE IF EXISTS scratch.items;
