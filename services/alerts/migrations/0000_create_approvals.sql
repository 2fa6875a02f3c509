CREATE TABLE "approval_devices" (
	"approval_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"device_id" uuid NOT NULL,
	"name" text NOT NULL,
	"groups" text[] NOT NULL,
	"rollback" text,
	CONSTRAINT "approval_devices_approval_id_position_pk" PRIMARY KEY("approval_id","position")
);
--> statement-breakpoint
CREATE TABLE "approvals" (
	"id" uuid PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"run_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"title" text NOT NULL,
	"status" text NOT NULL,
	"requested_by_kind" text NOT NULL,
	"requested_by_id" text NOT NULL,
	"requested_by_name" text NOT NULL,
	"reason" text,
	"plan_sha256" text NOT NULL,
	"device_count" integer NOT NULL,
	"risk" jsonb NOT NULL,
	"risk_level" text NOT NULL,
	"risk_points" integer NOT NULL,
	"policies" jsonb NOT NULL,
	"stages" jsonb NOT NULL,
	"stage" smallint,
	"open_to_all" boolean NOT NULL,
	"open_users" text[] NOT NULL,
	"open_roles" text[] NOT NULL,
	"approved" integer DEFAULT 0 NOT NULL,
	"needed" integer NOT NULL,
	"not_before" timestamp (3) with time zone,
	"not_after" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"decided_at" timestamp (3) with time zone,
	"decided_by" text[] DEFAULT '{}' NOT NULL,
	"decision_reason" text,
	"used_at" timestamp (3) with time zone,
	"recheck_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "delegations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"approval_id" uuid NOT NULL,
	"from_id" uuid NOT NULL,
	"from_name" text NOT NULL,
	"to_id" uuid NOT NULL,
	"to_name" text NOT NULL,
	"until" timestamp (3) with time zone NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "policies" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"enabled" boolean NOT NULL,
	"kinds" text[] NOT NULL,
	"groups" text[] NOT NULL,
	"risk_at_least" text NOT NULL,
	"writes_only" boolean NOT NULL,
	"stages" jsonb NOT NULL,
	"expires_in_minutes" integer,
	"built_in" boolean NOT NULL,
	"position" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "votes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"approval_id" uuid NOT NULL,
	"stage" smallint,
	"decision" text NOT NULL,
	"by_id" uuid NOT NULL,
	"by_name" text NOT NULL,
	"for_id" uuid,
	"for_name" text,
	"via" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"void_reason" text
);
--> statement-breakpoint
ALTER TABLE "approval_devices" ADD CONSTRAINT "approval_devices_approval_id_approvals_id_fk" FOREIGN KEY ("approval_id") REFERENCES "approvals"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "delegations" ADD CONSTRAINT "delegations_approval_id_approvals_id_fk" FOREIGN KEY ("approval_id") REFERENCES "approvals"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "votes" ADD CONSTRAINT "votes_approval_id_approvals_id_fk" FOREIGN KEY ("approval_id") REFERENCES "approvals"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "approvals_key" ON "approvals" USING btree ("key","plan_sha256");--> statement-breakpoint
CREATE INDEX "approvals_by_run" ON "approvals" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "approvals_by_requester" ON "approvals" USING btree ("requested_by_id","created_at","id");--> statement-breakpoint
CREATE INDEX "approvals_by_creation" ON "approvals" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "approvals_by_status" ON "approvals" USING btree ("status","created_at","id");--> statement-breakpoint
CREATE INDEX "approvals_by_decision" ON "approvals" USING btree ("decided_at","id");--> statement-breakpoint
CREATE INDEX "approvals_by_title" ON "approvals" USING btree ("title","id");--> statement-breakpoint
CREATE INDEX "approvals_by_expiry" ON "approvals" USING btree ("expires_at","id");--> statement-breakpoint
CREATE INDEX "approvals_by_risk" ON "approvals" USING btree ("risk_points","id");--> statement-breakpoint
CREATE INDEX "approvals_waiting" ON "approvals" USING btree ("expires_at") WHERE "approvals"."status" = 'waiting';--> statement-breakpoint
CREATE INDEX "approvals_unused" ON "approvals" USING btree ("not_after") WHERE "approvals"."status" in ('approved', 'bypassed') and "approvals"."used_at" is null;--> statement-breakpoint
CREATE INDEX "approvals_to_recheck" ON "approvals" USING btree ("recheck_at") WHERE "approvals"."recheck_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "delegations_one_each" ON "delegations" USING btree ("approval_id","from_id");--> statement-breakpoint
CREATE INDEX "delegations_by_delegate" ON "delegations" USING btree ("to_id","approval_id");--> statement-breakpoint
CREATE UNIQUE INDEX "policies_name_key" ON "policies" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "policies_by_position" ON "policies" USING btree ("position","id");--> statement-breakpoint
CREATE INDEX "policies_by_change" ON "policies" USING btree ("updated_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "votes_once" ON "votes" USING btree ("approval_id","by_id");--> statement-breakpoint
CREATE INDEX "votes_by_person" ON "votes" USING btree ("by_id");--> statement-breakpoint
CREATE INDEX "votes_by_seat" ON "votes" USING btree ("for_id") WHERE "votes"."for_id" is not null;