CREATE TABLE "tasks"."procedures" (
	"run_id" uuid PRIMARY KEY NOT NULL,
	"sealed" text NOT NULL,
	"sha256" text NOT NULL,
	"shown" jsonb NOT NULL,
	"starter" jsonb NOT NULL,
	"mode" text NOT NULL,
	"may_begin" integer DEFAULT 0 NOT NULL,
	"begun" integer DEFAULT 0 NOT NULL,
	"restarted" jsonb,
	"approval" jsonb,
	"worker_id" text,
	"wake_at" timestamp (3) with time zone,
	"waits_for_run" uuid,
	"ended" jsonb
);
--> statement-breakpoint
CREATE TABLE "tasks"."run_steps" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"key" text NOT NULL,
	"path" text NOT NULL,
	"name" text,
	"type" text NOT NULL,
	"phase" text NOT NULL,
	"status" text NOT NULL,
	"attempts" smallint DEFAULT 1 NOT NULL,
	"devices" jsonb,
	"result" jsonb,
	"error" jsonb,
	"skip_reason" text,
	"saved_variable" text,
	"output" jsonb,
	"state" jsonb,
	"asks" boolean DEFAULT false NOT NULL,
	"decision" jsonb,
	"carried_from" uuid,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "tasks"."undos" (
	"operation_id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"device_id" uuid NOT NULL,
	"sealed" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"taken_back_at" timestamp (3) with time zone
);
--> statement-breakpoint
DROP INDEX "tasks"."operations_by_device";--> statement-breakpoint
ALTER TABLE "tasks"."operations" ADD COLUMN "pass" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "tasks"."procedures" ADD CONSTRAINT "procedures_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "tasks"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks"."run_steps" ADD CONSTRAINT "run_steps_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "tasks"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks"."undos" ADD CONSTRAINT "undos_operation_id_operations_id_fk" FOREIGN KEY ("operation_id") REFERENCES "tasks"."operations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "procedures_to_take" ON "tasks"."procedures" USING btree ("wake_at") WHERE worker_id is null and ended is null;--> statement-breakpoint
CREATE INDEX "procedures_of_worker" ON "tasks"."procedures" USING btree ("worker_id") WHERE worker_id is not null;--> statement-breakpoint
CREATE INDEX "procedures_waiting_for_run" ON "tasks"."procedures" USING btree ("waits_for_run") WHERE waits_for_run is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "run_steps_by_key" ON "tasks"."run_steps" USING btree ("run_id","key");--> statement-breakpoint
CREATE UNIQUE INDEX "run_steps_by_seq" ON "tasks"."run_steps" USING btree ("run_id","seq");--> statement-breakpoint
CREATE INDEX "undos_of_run" ON "tasks"."undos" USING btree ("run_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "operations_by_device" ON "tasks"."operations" USING btree ("device_id","run_id","step_index","pass");