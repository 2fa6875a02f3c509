ALTER TABLE "tasks"."operations" DROP COLUMN "queued";--> statement-breakpoint
-- Tables and functions of the queue library that runs stood on before.
DROP TABLE IF EXISTS "tasks"."workflow_status", "tasks"."operation_outputs", "tasks"."notifications", "tasks"."workflow_queue", "tasks"."streams", "tasks"."workflow_schedules", "tasks"."queues", "tasks"."workflow_events", "tasks"."workflow_events_history", "tasks"."application_versions", "tasks"."workflow_inputs", "tasks"."workflow_input", "tasks"."workflow_output", "tasks"."scheduler_state", "tasks"."event_dispatch_kv", "tasks"."dbos_migrations" CASCADE;--> statement-breakpoint
DO $$ DECLARE f regprocedure; BEGIN
	FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'tasks'::regnamespace AND p.proname IN ('enqueue_workflow', 'send_message', 'notifications_function', 'streams_function', 'workflow_events_function') LOOP
		EXECUTE 'DROP FUNCTION ' || f || ' CASCADE';
	END LOOP;
END $$;
