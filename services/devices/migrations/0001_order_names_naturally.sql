CREATE COLLATION "natural_order" (provider = icu, locale = 'und-u-kn-true');--> statement-breakpoint
DROP INDEX "devices_by_name";--> statement-breakpoint
CREATE INDEX "devices_by_name" ON "devices" USING btree (lower("name") collate natural_order);