CREATE COLLATION "natural_order" (provider = icu, locale = 'und-u-kn-true');--> statement-breakpoint
CREATE TABLE "config"."template_references" (
	"template_id" uuid NOT NULL,
	"name" text NOT NULL,
	CONSTRAINT "template_references_template_id_name_pk" PRIMARY KEY("template_id","name")
);
--> statement-breakpoint
CREATE TABLE "config"."template_versions" (
	"template_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"source" text NOT NULL,
	"settings" jsonb NOT NULL,
	"lines" integer NOT NULL,
	"note" text NOT NULL,
	"restored_from" integer,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "template_versions_template_id_version_pk" PRIMARY KEY("template_id","version")
);
--> statement-breakpoint
CREATE TABLE "config"."templates" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"type" text NOT NULL,
	"platforms" text[] NOT NULL,
	"tags" text[] NOT NULL,
	"validation_template_id" uuid,
	"delete_template_id" uuid,
	"source" text NOT NULL,
	"settings" jsonb NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"updated_by" text NOT NULL,
	"search_text" text GENERATED ALWAYS AS (lower(name || ' ' || description)) STORED NOT NULL
);
--> statement-breakpoint
ALTER TABLE "config"."template_references" ADD CONSTRAINT "template_references_template_id_templates_id_fk" FOREIGN KEY ("template_id") REFERENCES "config"."templates"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "config"."template_versions" ADD CONSTRAINT "template_versions_template_id_templates_id_fk" FOREIGN KEY ("template_id") REFERENCES "config"."templates"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "config"."templates" ADD CONSTRAINT "templates_validation_template_id_templates_id_fk" FOREIGN KEY ("validation_template_id") REFERENCES "config"."templates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "config"."templates" ADD CONSTRAINT "templates_delete_template_id_templates_id_fk" FOREIGN KEY ("delete_template_id") REFERENCES "config"."templates"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "template_references_by_name" ON "config"."template_references" USING btree ("name","template_id");--> statement-breakpoint
CREATE UNIQUE INDEX "templates_name_key" ON "config"."templates" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "templates_by_name" ON "config"."templates" USING btree (lower("name") collate natural_order);--> statement-breakpoint
CREATE INDEX "templates_by_type" ON "config"."templates" USING btree ("type","id");--> statement-breakpoint
CREATE INDEX "templates_by_created_at" ON "config"."templates" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "templates_by_updated_at" ON "config"."templates" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "templates_by_search_text" ON "config"."templates" USING gin ("search_text" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "templates_by_tag" ON "config"."templates" USING gin ("tags");--> statement-breakpoint
CREATE INDEX "templates_by_platform" ON "config"."templates" USING gin ("platforms");--> statement-breakpoint
CREATE INDEX "templates_by_validation" ON "config"."templates" USING btree ("validation_template_id");--> statement-breakpoint
CREATE INDEX "templates_by_delete" ON "config"."templates" USING btree ("delete_template_id");