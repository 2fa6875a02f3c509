CREATE TABLE "scheduling"."calendars" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"kind" text NOT NULL,
	"enabled" boolean NOT NULL,
	"time_zone" text NOT NULL,
	"ranges" jsonb NOT NULL,
	"recurring" jsonb NOT NULL,
	"groups" jsonb,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "scheduling"."occurrences" (
	"id" uuid PRIMARY KEY NOT NULL,
	"schedule_id" uuid NOT NULL,
	"trigger" text NOT NULL,
	"kind" text NOT NULL,
	"run_as" text NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"work" jsonb,
	"try_at" timestamp (3) with time zone,
	"claimed_until" timestamp (3) with time zone,
	"first_tried_at" timestamp (3) with time zone,
	"looked_at" timestamp (3) with time zone,
	"run_id" uuid,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "scheduling"."schedules" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"kind" text NOT NULL,
	"params" jsonb NOT NULL,
	"timing" jsonb NOT NULL,
	"time_zone" text NOT NULL,
	"skipped_hour" text NOT NULL,
	"repeated_hour" text NOT NULL,
	"start_at" timestamp (3) with time zone,
	"end_at" timestamp (3) with time zone,
	"max_runs" integer,
	"jitter_s" integer NOT NULL,
	"overlap" text NOT NULL,
	"missed" text NOT NULL,
	"missed_limit" integer NOT NULL,
	"held" text NOT NULL,
	"paused" boolean NOT NULL,
	"owner" jsonb NOT NULL,
	"owner_name" text NOT NULL,
	"problem" text,
	"runs" integer DEFAULT 0 NOT NULL,
	"anchor" timestamp (3) with time zone NOT NULL,
	"next_due_at" timestamp (3) with time zone,
	"last_due_at" timestamp (3) with time zone,
	"last_occurrence_id" uuid,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "scheduling"."occurrences" ADD CONSTRAINT "occurrences_schedule_id_schedules_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "scheduling"."schedules"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "calendars_name_key" ON "scheduling"."calendars" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "calendars_by_time" ON "scheduling"."calendars" USING btree ("created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "occurrences_once" ON "scheduling"."occurrences" USING btree ("schedule_id","due_at","trigger");--> statement-breakpoint
CREATE INDEX "occurrences_to_try" ON "scheduling"."occurrences" USING btree ("try_at") WHERE "scheduling"."occurrences"."try_at" is not null;--> statement-breakpoint
CREATE INDEX "occurrences_open" ON "scheduling"."occurrences" USING btree ("schedule_id") WHERE "scheduling"."occurrences"."status" in ('due', 'waiting', 'running');--> statement-breakpoint
CREATE INDEX "occurrences_running" ON "scheduling"."occurrences" USING btree ("looked_at") WHERE "scheduling"."occurrences"."status" = 'running';--> statement-breakpoint
CREATE INDEX "occurrences_by_run" ON "scheduling"."occurrences" USING btree ("run_id") WHERE "scheduling"."occurrences"."run_id" is not null;--> statement-breakpoint
CREATE INDEX "occurrences_by_time" ON "scheduling"."occurrences" USING btree ("due_at","id");--> statement-breakpoint
CREATE INDEX "occurrences_by_schedule" ON "scheduling"."occurrences" USING btree ("schedule_id","due_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "schedules_name_key" ON "scheduling"."schedules" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "schedules_by_due" ON "scheduling"."schedules" USING btree ("next_due_at","id");--> statement-breakpoint
CREATE INDEX "schedules_by_kind" ON "scheduling"."schedules" USING btree ("kind","id");--> statement-breakpoint
CREATE INDEX "schedules_by_last" ON "scheduling"."schedules" USING btree ("last_due_at","id");--> statement-breakpoint
CREATE INDEX "schedules_by_time" ON "scheduling"."schedules" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "schedules_by_owner" ON "scheduling"."schedules" USING btree (lower("owner_name"));