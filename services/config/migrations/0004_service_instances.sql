CREATE TABLE "config"."sent_services" (
	"start_key" text NOT NULL,
	"device_id" uuid NOT NULL,
	"stack_id" uuid NOT NULL,
	"device_name" text NOT NULL,
	"services" jsonb NOT NULL,
	CONSTRAINT "sent_services_start_key_device_id_pk" PRIMARY KEY("start_key","device_id")
);
--> statement-breakpoint
CREATE TABLE "config"."service_instances" (
	"id" uuid PRIMARY KEY NOT NULL,
	"stack_id" uuid NOT NULL,
	"service" text NOT NULL,
	"device_id" uuid NOT NULL,
	"device_name" text NOT NULL,
	"template_id" uuid NOT NULL,
	"template_name" text NOT NULL,
	"template_version" integer NOT NULL,
	"state" text NOT NULL,
	"error" text,
	"text" text NOT NULL,
	"stack_version" integer,
	"deployed_at" timestamp (3) with time zone,
	"run_id" uuid NOT NULL,
	"run_started_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"search_text" text GENERATED ALWAYS AS (lower(device_name || ' ' || service || ' ' || template_name)) STORED NOT NULL
);
--> statement-breakpoint
ALTER TABLE "config"."stack_runs" ADD COLUMN "settle_due" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "config"."sent_services" ADD CONSTRAINT "sent_services_stack_id_stacks_id_fk" FOREIGN KEY ("stack_id") REFERENCES "config"."stacks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "config"."service_instances" ADD CONSTRAINT "service_instances_stack_id_stacks_id_fk" FOREIGN KEY ("stack_id") REFERENCES "config"."stacks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "sent_services_by_stack" ON "config"."sent_services" USING btree ("stack_id");--> statement-breakpoint
CREATE UNIQUE INDEX "service_instances_key" ON "config"."service_instances" USING btree ("stack_id","device_id","service");--> statement-breakpoint
CREATE INDEX "service_instances_by_device" ON "config"."service_instances" USING btree ("device_id","id");--> statement-breakpoint
CREATE INDEX "service_instances_by_device_name" ON "config"."service_instances" USING btree (lower("device_name") collate natural_order,"id");--> statement-breakpoint
CREATE INDEX "service_instances_by_service" ON "config"."service_instances" USING btree ("service","id");--> statement-breakpoint
CREATE INDEX "service_instances_by_state" ON "config"."service_instances" USING btree ("state","id");--> statement-breakpoint
CREATE INDEX "service_instances_by_deployed_at" ON "config"."service_instances" USING btree ("deployed_at","id");--> statement-breakpoint
CREATE INDEX "service_instances_by_updated_at" ON "config"."service_instances" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "service_instances_by_search_text" ON "config"."service_instances" USING gin ("search_text" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "stack_runs_to_settle" ON "config"."stack_runs" USING btree ("run_id") WHERE "config"."stack_runs"."settle_due";