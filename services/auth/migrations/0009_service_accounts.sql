CREATE TABLE "service_account_insiders" (
	"service_account_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "service_account_insiders_service_account_id_user_id_pk" PRIMARY KEY("service_account_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "service_account_tokens" (
	"id" uuid PRIMARY KEY NOT NULL,
	"service_account_id" uuid NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"hash" text NOT NULL,
	"permissions" text[] NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"issued_by" uuid,
	"rotated_at" timestamp (3) with time zone,
	"replaced_hash" text,
	"replaced_prefix" text,
	"replaced_expires_at" timestamp (3) with time zone,
	"replaced_last_used_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "service_account_tokens_replaced_whole" CHECK (num_nonnulls("service_account_tokens"."replaced_hash", "service_account_tokens"."replaced_prefix", "service_account_tokens"."replaced_expires_at") in (0, 3))
);
--> statement-breakpoint
CREATE TABLE "service_accounts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"role" text NOT NULL,
	"owner_id" uuid,
	"disabled" boolean DEFAULT false NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "ws_tickets" DROP CONSTRAINT "ws_tickets_one_origin";--> statement-breakpoint
ALTER TABLE "ws_tickets" ALTER COLUMN "user_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "ws_tickets" ADD COLUMN "service_account_token_id" uuid;--> statement-breakpoint
ALTER TABLE "service_account_insiders" ADD CONSTRAINT "service_account_insiders_service_account_id_service_accounts_id_fk" FOREIGN KEY ("service_account_id") REFERENCES "service_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_account_insiders" ADD CONSTRAINT "service_account_insiders_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_account_tokens" ADD CONSTRAINT "service_account_tokens_service_account_id_service_accounts_id_fk" FOREIGN KEY ("service_account_id") REFERENCES "service_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_account_tokens" ADD CONSTRAINT "service_account_tokens_issued_by_users_id_fk" FOREIGN KEY ("issued_by") REFERENCES "users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_accounts" ADD CONSTRAINT "service_accounts_role_roles_name_fk" FOREIGN KEY ("role") REFERENCES "roles"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_accounts" ADD CONSTRAINT "service_accounts_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "service_account_insiders_by_user" ON "service_account_insiders" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "service_account_insiders_by_end" ON "service_account_insiders" USING btree ("until");--> statement-breakpoint
CREATE UNIQUE INDEX "service_account_tokens_hash_key" ON "service_account_tokens" USING btree ("hash");--> statement-breakpoint
CREATE UNIQUE INDEX "service_account_tokens_replaced_key" ON "service_account_tokens" USING btree ("replaced_hash") WHERE "service_account_tokens"."replaced_hash" is not null;--> statement-breakpoint
CREATE INDEX "service_account_tokens_by_account" ON "service_account_tokens" USING btree ("service_account_id","created_at","id");--> statement-breakpoint
CREATE INDEX "service_account_tokens_by_issuer" ON "service_account_tokens" USING btree ("issued_by") WHERE "service_account_tokens"."issued_by" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "service_accounts_name_key" ON "service_accounts" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "service_accounts_by_role" ON "service_accounts" USING btree ("role","id");--> statement-breakpoint
CREATE INDEX "service_accounts_by_owner" ON "service_accounts" USING btree ("owner_id","id");--> statement-breakpoint
CREATE INDEX "service_accounts_by_use" ON "service_accounts" USING btree ("last_used_at","id");--> statement-breakpoint
CREATE INDEX "service_accounts_by_creation" ON "service_accounts" USING btree ("created_at","id");--> statement-breakpoint
ALTER TABLE "ws_tickets" ADD CONSTRAINT "ws_tickets_service_account_token_id_service_account_tokens_id_fk" FOREIGN KEY ("service_account_token_id") REFERENCES "service_account_tokens"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ws_tickets_by_service_account_token" ON "ws_tickets" USING btree ("service_account_token_id");--> statement-breakpoint
ALTER TABLE "ws_tickets" ADD CONSTRAINT "ws_tickets_one_origin" CHECK (num_nonnulls("ws_tickets"."session_id", "ws_tickets"."api_token_id", "ws_tickets"."service_account_token_id") = 1
				and ("ws_tickets"."user_id" is null) = ("ws_tickets"."service_account_token_id" is not null));