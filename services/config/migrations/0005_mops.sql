CREATE TABLE "config"."mop_references" (
	"mop_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	CONSTRAINT "mop_references_mop_id_kind_name_pk" PRIMARY KEY("mop_id","kind","name")
);
--> statement-breakpoint
CREATE TABLE "config"."mop_runs" (
	"run_id" uuid PRIMARY KEY NOT NULL,
	"mop_id" uuid NOT NULL,
	"mop_name" text NOT NULL,
	"version" integer,
	"status" text NOT NULL,
	"reason" text NOT NULL,
	"start_key" text,
	"started_by" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "config"."mop_versions" (
	"mop_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"source" text NOT NULL,
	"note" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "mop_versions_mop_id_version_pk" PRIMARY KEY("mop_id","version")
);
--> statement-breakpoint
CREATE TABLE "config"."mops" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"tags" text[] NOT NULL,
	"enabled" boolean NOT NULL,
	"source" text NOT NULL,
	"document" jsonb NOT NULL,
	"steps" integer NOT NULL,
	"writes" boolean NOT NULL,
	"version" integer NOT NULL,
	"last_run_id" uuid,
	"last_run_status" text,
	"last_run_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"updated_by" text NOT NULL,
	"search_text" text GENERATED ALWAYS AS (lower(name || ' ' || description)) STORED NOT NULL
);
--> statement-breakpoint
CREATE TABLE "config"."step_types" (
	"id" uuid PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"label" text NOT NULL,
	"description" text NOT NULL,
	"base" text NOT NULL,
	"preset" jsonb NOT NULL,
	"parameters" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "config"."mop_references" ADD CONSTRAINT "mop_references_mop_id_mops_id_fk" FOREIGN KEY ("mop_id") REFERENCES "config"."mops"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "config"."mop_versions" ADD CONSTRAINT "mop_versions_mop_id_mops_id_fk" FOREIGN KEY ("mop_id") REFERENCES "config"."mops"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "mop_references_by_name" ON "config"."mop_references" USING btree ("kind","name");--> statement-breakpoint
CREATE UNIQUE INDEX "mop_runs_start_key" ON "config"."mop_runs" USING btree ("start_key");--> statement-breakpoint
CREATE INDEX "mop_runs_by_time" ON "config"."mop_runs" USING btree ("started_at","run_id");--> statement-breakpoint
CREATE INDEX "mop_runs_by_mop" ON "config"."mop_runs" USING btree ("mop_id","started_at","run_id");--> statement-breakpoint
CREATE INDEX "mop_runs_running" ON "config"."mop_runs" USING btree ("started_at","run_id") WHERE "config"."mop_runs"."finished_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "mops_name_key" ON "config"."mops" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "mops_by_name" ON "config"."mops" USING btree (lower("name") collate natural_order);--> statement-breakpoint
CREATE INDEX "mops_by_updated_at" ON "config"."mops" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "mops_by_last_run_at" ON "config"."mops" USING btree ("last_run_at","id");--> statement-breakpoint
CREATE INDEX "mops_by_search_text" ON "config"."mops" USING gin ("search_text" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "mops_by_tag" ON "config"."mops" USING gin ("tags");--> statement-breakpoint
CREATE UNIQUE INDEX "step_types_type_key" ON "config"."step_types" USING btree ("type");