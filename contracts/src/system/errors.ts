import { defineErrors } from "../kernel/errors.ts";

export const systemErrors = defineErrors({
	"system.no_lab": { kind: "conflict", title: "This installation comes without the simulator" },
	"system.no_simulated_network": { kind: "not_found", title: "There is no simulated network" },
	"system.simulated_network_running": { kind: "conflict", title: "The simulated network runs already" },
	"system.simulated_network_stopped": { kind: "conflict", title: "The simulated network is stopped" },
	"system.simulated_network_busy": {
		kind: "conflict",
		title: "The simulated network is being started or removed",
		retryable: true,
	},
	"system.simulated_network_failed": { kind: "unavailable", title: "The simulated network did not start" },
	"system.names_taken": { kind: "conflict", title: "Devices have the names of simulated ones" },
	"system.workers_elsewhere": { kind: "conflict", title: "Workers on other machines cannot reach simulated devices" },
});
