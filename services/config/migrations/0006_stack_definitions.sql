CREATE TABLE "config"."stack_definitions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"services" jsonb NOT NULL,
	"variables" jsonb NOT NULL,
	"pre_checks" jsonb NOT NULL,
	"pre_state_checks" jsonb NOT NULL,
	"checks" jsonb NOT NULL,
	"state_checks" jsonb NOT NULL,
	"rollout" jsonb NOT NULL,
	"confirm_within_s" integer NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"updated_by" text NOT NULL,
	"search_text" text GENERATED ALWAYS AS (lower(name || ' ' || description)) STORED NOT NULL
);
--> statement-breakpoint
ALTER TABLE "config"."stacks" ADD COLUMN "made_from" uuid;--> statement-breakpoint
ALTER TABLE "config"."stacks" ADD COLUMN "made_from_version" integer;--> statement-breakpoint
ALTER TABLE "config"."stacks" ADD COLUMN "parameters" jsonb;--> statement-breakpoint
CREATE UNIQUE INDEX "stack_definitions_name_key" ON "config"."stack_definitions" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "stack_definitions_by_name" ON "config"."stack_definitions" USING btree (lower("name") collate natural_order);--> statement-breakpoint
CREATE INDEX "stack_definitions_by_updated_at" ON "config"."stack_definitions" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "stack_definitions_by_search_text" ON "config"."stack_definitions" USING gin ("search_text" gin_trgm_ops);--> statement-breakpoint
ALTER TABLE "config"."stacks" ADD CONSTRAINT "stacks_made_from_stack_definitions_id_fk" FOREIGN KEY ("made_from") REFERENCES "config"."stack_definitions"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "stacks_by_made_from" ON "config"."stacks" USING btree ("made_from","made_from_version");