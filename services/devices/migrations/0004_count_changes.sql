CREATE TABLE "inventory_changes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"changes" bigint NOT NULL
) WITH (fillfactor = 50);
--> statement-breakpoint
CREATE FUNCTION "count_change"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	-- Once is enough for a transaction: others see nothing of it before its end.
	IF current_setting('netconductor.counted_in', true) = pg_current_xact_id()::text THEN RETURN NULL; END IF;
	PERFORM set_config('netconductor.counted_in', pg_current_xact_id()::text, true);
	-- A row that another transaction holds is left to it: nobody waits, and the sum over all rows grows with each commit.
	UPDATE inventory_changes SET changes = changes + 1
	WHERE id = (SELECT id FROM inventory_changes LIMIT 1 FOR UPDATE SKIP LOCKED);
	IF NOT FOUND THEN
		INSERT INTO inventory_changes (id, changes) VALUES (gen_random_uuid(), 1);
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "count_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "devices" FOR EACH STATEMENT EXECUTE FUNCTION count_change();--> statement-breakpoint
CREATE TRIGGER "count_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "device_groups" FOR EACH STATEMENT EXECUTE FUNCTION count_change();--> statement-breakpoint
CREATE TRIGGER "count_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "device_group_members" FOR EACH STATEMENT EXECUTE FUNCTION count_change();--> statement-breakpoint
CREATE TRIGGER "count_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "host_keys" FOR EACH STATEMENT EXECUTE FUNCTION count_change();
