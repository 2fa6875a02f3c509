CREATE TABLE "backup"."backups" (
	"id" uuid PRIMARY KEY NOT NULL,
	"operation_id" uuid NOT NULL,
	"device_id" uuid NOT NULL,
	"device_name" text NOT NULL,
	"device_type" text NOT NULL,
	"snapshot_id" uuid,
	"run_id" uuid NOT NULL,
	"status" text NOT NULL,
	"changed" boolean,
	"lines_added" integer,
	"lines_removed" integer,
	"size_bytes" integer,
	"content_id" uuid,
	"content_hash" text,
	"version_id" uuid,
	"raw_delta" "bytea",
	"error" jsonb,
	"started_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "backups_operation_id_unique" UNIQUE("operation_id")
);
--> statement-breakpoint
CREATE TABLE "backup"."blames" (
	"version_id" uuid PRIMARY KEY NOT NULL,
	"device_id" uuid NOT NULL,
	"origins" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "backup"."contents" (
	"id" uuid PRIMARY KEY NOT NULL,
	"content_key" text NOT NULL,
	"content_hash" text NOT NULL,
	"masked" "bytea" NOT NULL,
	"normalised" "bytea" NOT NULL,
	"raw" "bytea" NOT NULL,
	"raw_crlf" boolean NOT NULL,
	"raw_hash" text NOT NULL,
	"masking" jsonb NOT NULL,
	"masked_size" integer NOT NULL,
	"normalised_size" integer NOT NULL,
	"raw_size" integer NOT NULL,
	"stored_bytes" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "contents_content_key_unique" UNIQUE("content_key")
);
--> statement-breakpoint
CREATE TABLE "backup"."devices" (
	"device_id" uuid PRIMARY KEY NOT NULL,
	"device_name" text NOT NULL,
	"device_type" text NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	"backup_id" uuid,
	"content_id" uuid,
	"content_hash" text,
	"version_id" uuid,
	"backed_up_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "backup"."hash_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"sealed" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "backup"."runs" (
	"run_id" uuid PRIMARY KEY NOT NULL,
	"started_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "backup"."schedule" (
	"id" integer PRIMARY KEY NOT NULL,
	"enabled" boolean NOT NULL,
	"cron" text,
	"interval_minutes" integer,
	"time_zone" text NOT NULL,
	"include" jsonb NOT NULL,
	"exclude" jsonb,
	"keep_days" integer,
	"keep_versions" integer,
	"due_at" timestamp (3) with time zone,
	"firing" jsonb,
	"last_run_at" timestamp (3) with time zone,
	"last_run_id" uuid,
	"last_snapshot_id" uuid,
	"last_error" text,
	"maintenance_due_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "backup"."search_texts" (
	"content_id" uuid PRIMARY KEY NOT NULL,
	"folded" text NOT NULL,
	"big" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "backup"."snapshots" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"status" text NOT NULL,
	"run_id" uuid,
	"devices" integer NOT NULL,
	"succeeded" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"skipped" integer NOT NULL,
	"changed" integer DEFAULT 0 NOT NULL,
	"size_bytes" bigint DEFAULT 0 NOT NULL,
	"pinned" boolean DEFAULT false NOT NULL,
	"error" text,
	"started_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"pending" jsonb
);
--> statement-breakpoint
ALTER TABLE "backup"."backups" ADD CONSTRAINT "backups_content_id_contents_id_fk" FOREIGN KEY ("content_id") REFERENCES "backup"."contents"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "backup"."search_texts" ADD CONSTRAINT "search_texts_content_id_contents_id_fk" FOREIGN KEY ("content_id") REFERENCES "backup"."contents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "backups_by_time" ON "backup"."backups" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "backups_by_device" ON "backup"."backups" USING btree ("device_id","created_at","id");--> statement-breakpoint
CREATE INDEX "backups_by_name" ON "backup"."backups" USING btree ("device_name","id");--> statement-breakpoint
CREATE INDEX "backups_by_size" ON "backup"."backups" USING btree ("size_bytes" DESC NULLS LAST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "backups_failed" ON "backup"."backups" USING btree ("created_at","id") WHERE "backup"."backups"."status" = 'failed';--> statement-breakpoint
CREATE INDEX "backups_changed" ON "backup"."backups" USING btree ("created_at","id") WHERE "backup"."backups"."changed";--> statement-breakpoint
CREATE INDEX "backups_by_snapshot" ON "backup"."backups" USING btree ("snapshot_id","device_id");--> statement-breakpoint
CREATE INDEX "backups_by_run" ON "backup"."backups" USING btree ("run_id","device_name","id");--> statement-breakpoint
CREATE INDEX "backups_by_content" ON "backup"."backups" USING btree ("content_id");--> statement-breakpoint
CREATE INDEX "backups_by_version" ON "backup"."backups" USING btree ("version_id");--> statement-breakpoint
CREATE INDEX "blames_by_device" ON "backup"."blames" USING btree ("device_id");--> statement-breakpoint
CREATE INDEX "devices_by_name" ON "backup"."devices" USING btree ("device_name","device_id");--> statement-breakpoint
CREATE INDEX "devices_by_content" ON "backup"."devices" USING btree ("content_id");--> statement-breakpoint
CREATE INDEX "runs_by_time" ON "backup"."runs" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "snapshots_by_time" ON "backup"."snapshots" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "snapshots_by_name" ON "backup"."snapshots" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "snapshots_pending" ON "backup"."snapshots" USING btree ("created_at") WHERE "backup"."snapshots"."pending" is not null;