CREATE TABLE "garden"."beds" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	CONSTRAINT "beds_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "garden"."plants" (
	"id" uuid PRIMARY KEY NOT NULL,
	"bed_id" uuid NOT NULL,
	"name" text NOT NULL,
	"height_cm" integer,
	"planted_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "garden"."plants" ADD CONSTRAINT "plants_bed_id_beds_id_fk" FOREIGN KEY ("bed_id") REFERENCES "garden"."beds"("id") ON DELETE cascade ON UPDATE no action;