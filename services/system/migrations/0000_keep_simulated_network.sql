CREATE TABLE "simulated_changes" (
	"position" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "simulated_changes_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"lines" text[] NOT NULL,
	"made_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "simulated_devices" (
	"name" text PRIMARY KEY NOT NULL,
	"device_id" uuid NOT NULL,
	"platform" text NOT NULL,
	"port" integer NOT NULL,
	CONSTRAINT "simulated_devices_device_id_unique" UNIQUE("device_id")
);
--> statement-breakpoint
CREATE TABLE "simulated_network" (
	"id" smallint PRIMARY KEY DEFAULT 1 NOT NULL,
	"seed" text NOT NULL,
	"changes" integer DEFAULT 0 NOT NULL,
	"own_group" boolean NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "simulated_network_single_row" CHECK ("simulated_network"."id" = 1)
);
--> statement-breakpoint
ALTER TABLE "simulated_changes" ADD CONSTRAINT "simulated_changes_name_simulated_devices_name_fk" FOREIGN KEY ("name") REFERENCES "simulated_devices"("name") ON DELETE cascade ON UPDATE no action;