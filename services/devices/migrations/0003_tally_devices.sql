CREATE TABLE "device_tallies" (
	"id" uuid PRIMARY KEY NOT NULL,
	"criterion" text NOT NULL,
	"value" text NOT NULL,
	"devices" integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX "device_tallies_by_value" ON "device_tallies" USING btree ("criterion","value");--> statement-breakpoint
CREATE INDEX "devices_by_site_downwards" ON "devices" USING btree ("site" DESC NULLS LAST,"id" DESC);--> statement-breakpoint
CREATE INDEX "devices_by_health_at_downwards" ON "devices" USING btree ("health_at" DESC NULLS LAST,"id" DESC);--> statement-breakpoint
DROP INDEX "devices_by_name";--> statement-breakpoint
-- Name and id, too: an index of an expression alone cannot be read without the rows.
CREATE INDEX "devices_by_name" ON "devices" USING btree (lower("name") collate natural_order) INCLUDE ("name", "id");--> statement-breakpoint
CREATE FUNCTION "tally_devices"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	counted device_tallies[];
BEGIN
	IF tg_op = 'TRUNCATE' THEN
		DELETE FROM device_tallies;
		RETURN NULL;
	END IF;
	IF tg_op = 'UPDATE' THEN
		-- Most updates change nothing that is counted.
		PERFORM FROM gone JOIN come USING (id) WHERE
			(gone.device_type, gone.health, gone.enabled, gone.site, gone.tags) IS DISTINCT FROM (come.device_type, come.health, come.enabled, come.site, come.tags);
		IF NOT FOUND THEN RETURN NULL; END IF;
	END IF;
	IF tg_op <> 'DELETE' THEN
		SELECT array_agg(row(NULL, criterion, value, devices)::device_tallies) INTO counted FROM (
			SELECT criterion, value, count(*) AS devices FROM come, LATERAL (
				VALUES ('all', ''), ('device_type', device_type), ('health', health), ('enabled', enabled::text), ('site', site)
				UNION ALL SELECT 'tag', unnest(tags)) AS counts (criterion, value)
			WHERE value IS NOT NULL GROUP BY criterion, value) AS sums;
	END IF;
	IF tg_op <> 'INSERT' THEN
		SELECT counted || array_agg(row(NULL, criterion, value, devices)::device_tallies) INTO counted FROM (
			SELECT criterion, value, - count(*) AS devices FROM gone, LATERAL (
				VALUES ('all', ''), ('device_type', device_type), ('health', health), ('enabled', enabled::text), ('site', site)
				UNION ALL SELECT 'tag', unnest(tags)) AS counts (criterion, value)
			WHERE value IS NOT NULL GROUP BY criterion, value) AS sums;
	END IF;
	-- Rows that another transaction holds are left to it: nobody waits, and the sum over all rows is right in every snapshot.
	WITH changed AS (
		SELECT criterion, value, sum(devices) AS devices FROM unnest(counted) GROUP BY criterion, value HAVING sum(devices) <> 0
	), folded AS (
		DELETE FROM device_tallies WHERE id = ANY (ARRAY(
			SELECT id FROM device_tallies JOIN changed USING (criterion, value) FOR UPDATE OF device_tallies SKIP LOCKED))
		RETURNING criterion, value, devices
	)
	INSERT INTO device_tallies (id, criterion, value, devices)
	SELECT gen_random_uuid(), criterion, value, sum(devices)
	FROM (SELECT * FROM changed UNION ALL SELECT * FROM folded) AS parts
	GROUP BY criterion, value HAVING sum(devices) <> 0;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "tally_come" AFTER INSERT ON "devices" REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION tally_devices();--> statement-breakpoint
CREATE TRIGGER "tally_gone" AFTER DELETE ON "devices" REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION tally_devices();--> statement-breakpoint
CREATE TRIGGER "tally_emptied" AFTER TRUNCATE ON "devices" FOR EACH STATEMENT EXECUTE FUNCTION tally_devices();--> statement-breakpoint
CREATE TRIGGER "tally_changed" AFTER UPDATE ON "devices" REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION tally_devices();--> statement-breakpoint
INSERT INTO device_tallies (id, criterion, value, devices)
SELECT gen_random_uuid(), criterion, value, count(*) FROM devices, LATERAL (
	VALUES ('all', ''), ('device_type', device_type), ('health', health), ('enabled', enabled::text), ('site', site)
	UNION ALL SELECT 'tag', unnest(tags)) AS counts (criterion, value)
WHERE value IS NOT NULL GROUP BY criterion, value;
