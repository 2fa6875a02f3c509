CREATE TABLE "glass_notices" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"title" text NOT NULL,
	"by" text NOT NULL,
	"reason" text NOT NULL,
	"passed_over" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"attempts" smallint DEFAULT 0 NOT NULL,
	"next_try_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE INDEX "glass_notices_to_send" ON "glass_notices" USING btree ("next_try_at") WHERE "glass_notices"."next_try_at" is not null;