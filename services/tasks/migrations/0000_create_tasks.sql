CREATE TABLE "tasks"."operations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"step_index" smallint NOT NULL,
	"step_id" text NOT NULL,
	"step_type" text NOT NULL,
	"device_id" uuid NOT NULL,
	"device_name" text NOT NULL,
	"status" text NOT NULL,
	"ready" boolean NOT NULL,
	"queued" boolean DEFAULT false NOT NULL,
	"attempts" smallint DEFAULT 0 NOT NULL,
	"worker_id" text,
	"write_started_at" timestamp (3) with time zone,
	"result" jsonb,
	"error" jsonb,
	"skip_reason" text,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"duration_ms" integer
);
--> statement-breakpoint
CREATE TABLE "tasks"."output_chunks" (
	"run_id" uuid NOT NULL,
	"seq" bigint NOT NULL,
	"operation_id" uuid NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"text" text NOT NULL,
	CONSTRAINT "output_chunks_pkey" PRIMARY KEY("run_id","seq")
);
--> statement-breakpoint
CREATE TABLE "tasks"."output_heads" (
	"run_id" uuid PRIMARY KEY NOT NULL,
	"last_seq" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tasks"."runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"idempotency_key" text NOT NULL,
	"kind" text NOT NULL,
	"title" text NOT NULL,
	"status" text NOT NULL,
	"steps" jsonb NOT NULL,
	"subject_type" text,
	"subject_id" text,
	"total" integer NOT NULL,
	"counts" jsonb NOT NULL,
	"started_by_kind" text NOT NULL,
	"started_by_id" text NOT NULL,
	"started_by_name" text NOT NULL,
	"retry_of" uuid,
	"cancel_requested_by" text,
	"cancel_requested_at" timestamp (3) with time zone,
	"traceparent" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"pruned_at" timestamp (3) with time zone,
	CONSTRAINT "runs_idempotency_key" UNIQUE("idempotency_key")
);
--> statement-breakpoint
CREATE TABLE "tasks"."workers" (
	"id" text PRIMARY KEY NOT NULL,
	"hostname" text NOT NULL,
	"pid" integer NOT NULL,
	"version" text NOT NULL,
	"status" text NOT NULL,
	"concurrency" integer NOT NULL,
	"running" integer DEFAULT 0 NOT NULL,
	"completed" integer DEFAULT 0 NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"last_heartbeat_at" timestamp (3) with time zone NOT NULL,
	"lease_until" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "tasks"."operations" ADD CONSTRAINT "operations_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "tasks"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks"."output_heads" ADD CONSTRAINT "output_heads_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "tasks"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "operations_by_device" ON "tasks"."operations" USING btree ("device_id","run_id","step_index");--> statement-breakpoint
CREATE INDEX "operations_by_name" ON "tasks"."operations" USING btree ("run_id","device_name","id");--> statement-breakpoint
CREATE INDEX "operations_by_status" ON "tasks"."operations" USING btree ("run_id","status","device_name","id");--> statement-breakpoint
CREATE INDEX "operations_to_queue" ON "tasks"."operations" USING btree ("run_id","position") WHERE status = 'pending' and ready and not queued;--> statement-breakpoint
CREATE INDEX "operations_unfinished" ON "tasks"."operations" USING btree ("run_id") WHERE status in ('pending', 'running');--> statement-breakpoint
CREATE INDEX "operations_of_worker" ON "tasks"."operations" USING btree ("worker_id") WHERE status = 'running';--> statement-breakpoint
CREATE INDEX "operations_by_end" ON "tasks"."operations" USING btree ("finished_at","status") WHERE finished_at is not null;--> statement-breakpoint
CREATE INDEX "output_chunks_by_operation" ON "tasks"."output_chunks" USING btree ("operation_id","seq");--> statement-breakpoint
CREATE INDEX "runs_by_time" ON "tasks"."runs" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "runs_by_kind" ON "tasks"."runs" USING btree ("kind","created_at","id");--> statement-breakpoint
CREATE INDEX "runs_by_status" ON "tasks"."runs" USING btree ("status","created_at","id");--> statement-breakpoint
CREATE INDEX "runs_by_starter" ON "tasks"."runs" USING btree ("started_by_name","created_at","id");--> statement-breakpoint
CREATE INDEX "runs_by_subject" ON "tasks"."runs" USING btree ("subject_type","subject_id","created_at","id");--> statement-breakpoint
CREATE INDEX "runs_to_prune" ON "tasks"."runs" USING btree ("finished_at") WHERE pruned_at is null and finished_at is not null;--> statement-breakpoint
CREATE INDEX "workers_by_start" ON "tasks"."workers" USING btree ("started_at");--> statement-breakpoint
CREATE INDEX "workers_by_status" ON "tasks"."workers" USING btree ("status","lease_until");