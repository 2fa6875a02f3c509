CREATE TABLE "credentials" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"username" text NOT NULL,
	"password" text,
	"private_key" text,
	"passphrase" text,
	"enable_password" text,
	"is_default" boolean NOT NULL,
	"device_id" uuid,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "credentials_own_is_not_default" CHECK (not ("credentials"."is_default" and "credentials"."device_id" is not null)),
	CONSTRAINT "credentials_complete" CHECK ("credentials"."password" is not null or "credentials"."private_key" is not null)
);
--> statement-breakpoint
CREATE TABLE "device_group_members" (
	"group_id" uuid NOT NULL,
	"device_id" uuid NOT NULL,
	CONSTRAINT "device_group_members_group_id_device_id_pk" PRIMARY KEY("group_id","device_id")
);
--> statement-breakpoint
CREATE TABLE "device_groups" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"credential_id" uuid,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "device_overrides" (
	"device_id" uuid PRIMARY KEY NOT NULL,
	"disabled" boolean NOT NULL,
	"disabled_reason" text NOT NULL,
	"host" text,
	"port" integer,
	"credential_id" uuid,
	"timeouts" jsonb NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "device_types" (
	"id" text PRIMARY KEY NOT NULL,
	"definition" jsonb NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "devices" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"host" text NOT NULL,
	"port" integer NOT NULL,
	"device_type" text NOT NULL,
	"credential_id" uuid,
	"jump_device_id" uuid,
	"legacy_algorithms" boolean NOT NULL,
	"enabled" boolean NOT NULL,
	"site" text,
	"tags" text[] NOT NULL,
	"description" text NOT NULL,
	"source" text NOT NULL,
	"facts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"facts_at" timestamp (3) with time zone,
	"health" text DEFAULT 'unknown' NOT NULL,
	"health_at" timestamp (3) with time zone,
	"health_error" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"search_text" text GENERATED ALWAYS AS (lower(name || ' ' || host || ' ' || device_type || ' ' || coalesce(site, '') || ' ' || description || ' ' || coalesce(facts->>'hostname', '') || ' ' || coalesce(facts->>'model', '') || ' ' || coalesce(facts->>'serial', '') || ' ' || coalesce(facts->>'os_version', ''))) STORED NOT NULL
);
--> statement-breakpoint
CREATE TABLE "health_history" (
	"id" uuid PRIMARY KEY NOT NULL,
	"device_id" uuid NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"health" text NOT NULL,
	"error" text,
	"run_id" uuid,
	"phases" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "host_keys" (
	"device_id" uuid PRIMARY KEY NOT NULL,
	"fingerprint" text NOT NULL,
	"algorithm" text NOT NULL,
	"accepted_by" text NOT NULL,
	"accepted_at" timestamp (3) with time zone NOT NULL,
	"presented_fingerprint" text,
	"presented_algorithm" text,
	"presented_at" timestamp (3) with time zone
);
--> statement-breakpoint
-- Deferred: a device and its own credential, which name each other, are written in one transaction.
ALTER TABLE "credentials" ADD CONSTRAINT "credentials_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "devices"("id") ON DELETE cascade ON UPDATE no action DEFERRABLE INITIALLY DEFERRED;--> statement-breakpoint
ALTER TABLE "device_group_members" ADD CONSTRAINT "device_group_members_group_id_device_groups_id_fk" FOREIGN KEY ("group_id") REFERENCES "device_groups"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "device_group_members" ADD CONSTRAINT "device_group_members_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "devices"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "device_groups" ADD CONSTRAINT "device_groups_credential_id_credentials_id_fk" FOREIGN KEY ("credential_id") REFERENCES "credentials"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "device_overrides" ADD CONSTRAINT "device_overrides_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "devices"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "device_overrides" ADD CONSTRAINT "device_overrides_credential_id_credentials_id_fk" FOREIGN KEY ("credential_id") REFERENCES "credentials"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "devices" ADD CONSTRAINT "devices_credential_id_credentials_id_fk" FOREIGN KEY ("credential_id") REFERENCES "credentials"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "devices" ADD CONSTRAINT "devices_jump_device_id_devices_id_fk" FOREIGN KEY ("jump_device_id") REFERENCES "devices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "health_history" ADD CONSTRAINT "health_history_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "devices"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "host_keys" ADD CONSTRAINT "host_keys_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "devices"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "credentials_name_key" ON "credentials" USING btree (lower("name")) WHERE "credentials"."device_id" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "credentials_one_default" ON "credentials" USING btree ("is_default") WHERE "credentials"."is_default";--> statement-breakpoint
CREATE UNIQUE INDEX "credentials_one_own" ON "credentials" USING btree ("device_id") WHERE "credentials"."device_id" is not null;--> statement-breakpoint
CREATE INDEX "credentials_by_name" ON "credentials" USING btree (lower("name"),"id");--> statement-breakpoint
CREATE INDEX "credentials_by_username" ON "credentials" USING btree ("username","id");--> statement-breakpoint
CREATE INDEX "credentials_by_created_at" ON "credentials" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "device_group_members_by_device" ON "device_group_members" USING btree ("device_id");--> statement-breakpoint
CREATE UNIQUE INDEX "device_groups_name_key" ON "device_groups" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "device_groups_by_created_at" ON "device_groups" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "device_groups_by_credential" ON "device_groups" USING btree ("credential_id");--> statement-breakpoint
CREATE INDEX "device_overrides_by_credential" ON "device_overrides" USING btree ("credential_id");--> statement-breakpoint
CREATE INDEX "device_overrides_by_updated_at" ON "device_overrides" USING btree ("updated_at","device_id");--> statement-breakpoint
CREATE UNIQUE INDEX "devices_name_key" ON "devices" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "devices_by_name" ON "devices" USING btree (lower("name"),"id");--> statement-breakpoint
CREATE INDEX "devices_by_host" ON "devices" USING btree ("host","id");--> statement-breakpoint
CREATE INDEX "devices_by_type" ON "devices" USING btree ("device_type","id");--> statement-breakpoint
CREATE INDEX "devices_by_site" ON "devices" USING btree ("site","id");--> statement-breakpoint
CREATE INDEX "devices_by_health" ON "devices" USING btree ("health","id");--> statement-breakpoint
CREATE INDEX "devices_by_health_at" ON "devices" USING btree ("health_at","id");--> statement-breakpoint
CREATE INDEX "devices_by_created_at" ON "devices" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "devices_by_updated_at" ON "devices" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "devices_by_search_text" ON "devices" USING gin ("search_text" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "devices_by_tag" ON "devices" USING gin ("tags");--> statement-breakpoint
CREATE INDEX "devices_by_credential" ON "devices" USING btree ("credential_id");--> statement-breakpoint
CREATE INDEX "devices_by_jump_device" ON "devices" USING btree ("jump_device_id");--> statement-breakpoint
CREATE INDEX "health_history_by_device" ON "health_history" USING btree ("device_id","at","id");--> statement-breakpoint
CREATE INDEX "host_keys_changed" ON "host_keys" USING btree ("presented_at") WHERE "host_keys"."presented_fingerprint" is not null;--> statement-breakpoint
CREATE INDEX "host_keys_by_accepted_at" ON "host_keys" USING btree ("accepted_at","device_id");