CREATE TABLE "config"."stack_runs" (
	"run_id" uuid PRIMARY KEY NOT NULL,
	"stack_id" uuid NOT NULL,
	"start_key" text NOT NULL,
	"kind" text NOT NULL,
	"status" text NOT NULL,
	"version" integer NOT NULL,
	"state_before" text NOT NULL,
	"part" boolean NOT NULL,
	"touched" boolean DEFAULT false NOT NULL,
	"reason" text NOT NULL,
	"started_by" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "config"."stack_templates" (
	"stack_id" uuid NOT NULL,
	"template_id" uuid NOT NULL
);
--> statement-breakpoint
CREATE TABLE "config"."stacks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"state" text NOT NULL,
	"services" jsonb NOT NULL,
	"variables" jsonb NOT NULL,
	"device_variables" jsonb NOT NULL,
	"checks" jsonb NOT NULL,
	"rollout" jsonb NOT NULL,
	"confirm_within_s" integer NOT NULL,
	"version" integer NOT NULL,
	"deployed_version" integer,
	"deployed_at" timestamp (3) with time zone,
	"templates_changed" boolean DEFAULT false NOT NULL,
	"last_run_id" uuid,
	"starting" jsonb,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"updated_by" text NOT NULL,
	"search_text" text GENERATED ALWAYS AS (lower(name || ' ' || description)) STORED NOT NULL
);
--> statement-breakpoint
ALTER TABLE "config"."stack_runs" ADD CONSTRAINT "stack_runs_stack_id_stacks_id_fk" FOREIGN KEY ("stack_id") REFERENCES "config"."stacks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "config"."stack_templates" ADD CONSTRAINT "stack_templates_stack_id_stacks_id_fk" FOREIGN KEY ("stack_id") REFERENCES "config"."stacks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "stack_runs_start_key" ON "config"."stack_runs" USING btree ("start_key");--> statement-breakpoint
CREATE INDEX "stack_runs_by_stack" ON "config"."stack_runs" USING btree ("stack_id","started_at","run_id");--> statement-breakpoint
CREATE UNIQUE INDEX "stack_templates_key" ON "config"."stack_templates" USING btree ("stack_id","template_id");--> statement-breakpoint
CREATE INDEX "stack_templates_by_template" ON "config"."stack_templates" USING btree ("template_id");--> statement-breakpoint
CREATE UNIQUE INDEX "stacks_name_key" ON "config"."stacks" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "stacks_by_name" ON "config"."stacks" USING btree (lower("name") collate natural_order);--> statement-breakpoint
CREATE INDEX "stacks_by_state" ON "config"."stacks" USING btree ("state","id");--> statement-breakpoint
CREATE INDEX "stacks_by_updated_at" ON "config"."stacks" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "stacks_by_deployed_at" ON "config"."stacks" USING btree ("deployed_at","id");--> statement-breakpoint
CREATE INDEX "stacks_by_search_text" ON "config"."stacks" USING gin ("search_text" gin_trgm_ops);