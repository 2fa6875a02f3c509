ALTER TABLE "scheduling"."occurrences" ADD COLUMN "held_by" text;--> statement-breakpoint
ALTER TABLE "scheduling"."occurrences" ADD COLUMN "bypassed_by" text;