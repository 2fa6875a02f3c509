CREATE TABLE "login_methods" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"enabled" boolean NOT NULL,
	"position" integer NOT NULL,
	"provision" boolean NOT NULL,
	"config" jsonb NOT NULL,
	"secret" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "oidc_attempts" (
	"hash" text PRIMARY KEY NOT NULL,
	"login_method_id" uuid NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "users" ALTER COLUMN "password_hash" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "provider_session" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "provider_token" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "login_method" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "external_id" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "confirmed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "absent_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "oidc_attempts" ADD CONSTRAINT "oidc_attempts_login_method_id_login_methods_id_fk" FOREIGN KEY ("login_method_id") REFERENCES "login_methods"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "login_methods_name_key" ON "login_methods" USING btree ("name");--> statement-breakpoint
CREATE INDEX "login_methods_by_position" ON "login_methods" USING btree ("position","id");--> statement-breakpoint
CREATE INDEX "oidc_attempts_by_expiry" ON "oidc_attempts" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "oidc_attempts_by_method" ON "oidc_attempts" USING btree ("login_method_id");--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_login_method_login_methods_name_fk" FOREIGN KEY ("login_method") REFERENCES "login_methods"("name") ON DELETE no action ON UPDATE cascade;--> statement-breakpoint
CREATE INDEX "sessions_by_provider" ON "sessions" USING btree ("provider_session") WHERE "sessions"."provider_session" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "users_external_key" ON "users" USING btree ("login_method","external_id");--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_sign_in_somewhere" CHECK (("users"."login_method" is null) = ("users"."external_id" is null));--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_password_not_twice" CHECK ("users"."login_method" is null or "users"."password_hash" is null);