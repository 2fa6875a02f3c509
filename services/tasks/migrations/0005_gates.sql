CREATE TABLE "tasks"."inputs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"device_id" uuid NOT NULL,
	"sealed" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "tasks"."operations" ADD COLUMN "gated" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "tasks"."operations" ADD COLUMN "device_groups" jsonb;--> statement-breakpoint
ALTER TABLE "tasks"."runs" ADD COLUMN "pause_requested_by" text;--> statement-breakpoint
ALTER TABLE "tasks"."runs" ADD COLUMN "waiting_for" jsonb;--> statement-breakpoint
ALTER TABLE "tasks"."runs" ADD COLUMN "gate" jsonb;--> statement-breakpoint
ALTER TABLE "tasks"."runs" ADD COLUMN "end_reason" text;--> statement-breakpoint
ALTER TABLE "tasks"."inputs" ADD CONSTRAINT "inputs_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "tasks"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "inputs_of_device" ON "tasks"."inputs" USING btree ("run_id","device_id");