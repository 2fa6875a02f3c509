CREATE FUNCTION "fold_tallies"("counted" device_tallies[]) RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $$
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
$$;--> statement-breakpoint
CREATE OR REPLACE FUNCTION "tally_devices"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
	PERFORM fold_tallies(counted);
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE FUNCTION "tally_members"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
	counted device_tallies[];
BEGIN
	IF tg_op = 'TRUNCATE' THEN
		DELETE FROM device_tallies WHERE criterion = 'group';
		RETURN NULL;
	END IF;
	IF tg_op <> 'DELETE' THEN
		SELECT array_agg(row(NULL, 'group', group_id, devices)::device_tallies) INTO counted
		FROM (SELECT group_id, count(*) AS devices FROM come GROUP BY group_id) AS sums;
	END IF;
	IF tg_op <> 'INSERT' THEN
		SELECT counted || array_agg(row(NULL, 'group', group_id, devices)::device_tallies) INTO counted
		FROM (SELECT group_id, - count(*) AS devices FROM gone GROUP BY group_id) AS sums;
	END IF;
	-- A device that goes takes its memberships along one by one, and they are gone by then.
	IF cardinality(counted) > 0 THEN PERFORM fold_tallies(counted); END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "tally_come" AFTER INSERT ON "device_group_members" REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION tally_members();--> statement-breakpoint
CREATE TRIGGER "tally_gone" AFTER DELETE ON "device_group_members" REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION tally_members();--> statement-breakpoint
CREATE TRIGGER "tally_emptied" AFTER TRUNCATE ON "device_group_members" FOR EACH STATEMENT EXECUTE FUNCTION tally_members();--> statement-breakpoint
CREATE TRIGGER "tally_changed" AFTER UPDATE ON "device_group_members" REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION tally_members();--> statement-breakpoint
INSERT INTO device_tallies (id, criterion, value, devices)
SELECT gen_random_uuid(), 'group', group_id, count(*) FROM device_group_members GROUP BY group_id;
