-- What was kept in the clear is dropped: it may hold secrets, and only its procedure could be sealed for.
ALTER TABLE "tasks"."run_steps" DROP COLUMN "output";--> statement-breakpoint
ALTER TABLE "tasks"."run_steps" DROP COLUMN "state";--> statement-breakpoint
ALTER TABLE "tasks"."run_steps" ADD COLUMN "output" text;--> statement-breakpoint
ALTER TABLE "tasks"."run_steps" ADD COLUMN "state" text;--> statement-breakpoint
ALTER TABLE "tasks"."run_steps" ADD COLUMN "waits_for_run" uuid;
