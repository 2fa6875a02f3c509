CREATE TABLE "chain_head" (
	"id" smallint PRIMARY KEY DEFAULT 1 NOT NULL,
	"position" bigint NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "chain_head_single_row" CHECK ("chain_head"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "records" (
	"position" bigint PRIMARY KEY NOT NULL,
	"id" uuid NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	"service" text NOT NULL,
	"operation" text NOT NULL,
	"outcome" text NOT NULL,
	"resource_type" text,
	"resource_id" text,
	"content" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "records_id_key" ON "records" USING btree ("id");--> statement-breakpoint
CREATE INDEX "records_by_time" ON "records" USING btree ("occurred_at","position");--> statement-breakpoint
CREATE INDEX "records_by_actor_id" ON "records" USING btree ("actor_id","occurred_at","position");--> statement-breakpoint
CREATE INDEX "records_by_actor_name" ON "records" USING btree ("actor_name","occurred_at","position");--> statement-breakpoint
CREATE INDEX "records_by_service" ON "records" USING btree ("service","occurred_at","position");--> statement-breakpoint
CREATE INDEX "records_by_operation" ON "records" USING btree ("operation","occurred_at","position");--> statement-breakpoint
CREATE INDEX "records_by_outcome" ON "records" USING btree ("outcome","occurred_at","position");--> statement-breakpoint
CREATE INDEX "records_by_resource_id" ON "records" USING btree ("resource_id","occurred_at","position");--> statement-breakpoint
CREATE INDEX "records_by_resource_type" ON "records" USING btree ("resource_type","occurred_at","position");--> statement-breakpoint
INSERT INTO "chain_head" ("id", "position", "hash") VALUES (1, 0, repeat('0', 64));
--> statement-breakpoint
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'audit records are neither changed nor deleted (% on %)', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER records_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "records" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER chain_head_stays BEFORE INSERT OR DELETE OR TRUNCATE ON "chain_head" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE FUNCTION follow_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.position <> OLD.position + 1 OR NOT EXISTS (SELECT FROM records r WHERE r.position = NEW.position AND r.hash = NEW.hash) THEN
		RAISE EXCEPTION 'the head of the audit chain only moves on to the record just appended' USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER chain_head_follows BEFORE UPDATE ON "chain_head" FOR EACH ROW EXECUTE FUNCTION follow_record();
--> statement-breakpoint
ALTER TABLE "records" ENABLE ALWAYS TRIGGER records_append_only;
--> statement-breakpoint
ALTER TABLE "chain_head" ENABLE ALWAYS TRIGGER chain_head_stays;
--> statement-breakpoint
ALTER TABLE "chain_head" ENABLE ALWAYS TRIGGER chain_head_follows;
--> statement-breakpoint
REVOKE UPDATE, DELETE, TRUNCATE ON "records" FROM CURRENT_USER;
--> statement-breakpoint
REVOKE DELETE, TRUNCATE ON "chain_head" FROM CURRENT_USER;
