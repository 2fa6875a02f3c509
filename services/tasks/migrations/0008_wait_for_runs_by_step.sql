DROP INDEX "tasks"."procedures_waiting_for_run";--> statement-breakpoint
CREATE INDEX "run_steps_waiting_for_run" ON "tasks"."run_steps" USING btree ("waits_for_run") WHERE waits_for_run is not null;--> statement-breakpoint
ALTER TABLE "tasks"."procedures" DROP COLUMN "waits_for_run";