ALTER TABLE "tasks"."operations" ADD COLUMN "outcome" text;--> statement-breakpoint
ALTER TABLE "tasks"."operations" ADD COLUMN "decision" text;--> statement-breakpoint
ALTER TABLE "tasks"."operations" ADD COLUMN "decided_by" text;--> statement-breakpoint
ALTER TABLE "tasks"."operations" ADD COLUMN "decided_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "tasks"."operations" ADD COLUMN "decision_reason" text;--> statement-breakpoint
ALTER TABLE "tasks"."operations" ADD COLUMN "attempts_decided" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "runs_by_title" ON "tasks"."runs" USING gin (array_to_tsvector(array_remove(regexp_split_to_array(lower("title"), '[^[:alnum:]]+'), '')));