import { defineApi, del, get, post } from "../kernel/operation.ts";
import {
	DeadLetterCount,
	DeadLetterDetail,
	DeadLetterPage,
	DeadLetterParams,
	DiscardDeadLetters,
	ListDeadLetters,
	ReplayDeadLetters,
} from "./dead-letters.ts";
import { About, SimulatedChange, SimulatedNetwork, StartSimulatedNetwork, SystemHealth } from "./model.ts";

export const systemApi = defineApi("system", {
	getAbout: get("/api/system/about", {
		summary: "Version, start, database, topology and size of this installation",
		returns: About,
		permission: "system:read",
	}),
	getHealth: get("/api/system/health", {
		summary: "Every service and what it depends on, as it is now",
		returns: SystemHealth,
		permission: "system:read",
	}),

	listDeadLetters: get("/api/system/dead-letters", {
		summary: "Events that services could not apply and put aside, the oldest first",
		query: ListDeadLetters,
		returns: DeadLetterPage,
		permission: "system:read",
		errors: ["system.no_such_service"],
	}),
	getDeadLetter: get("/api/system/dead-letters/:service/:id", {
		summary: "An event that was put aside, with what it says",
		description: "Takes system:write: what an event says may be of things that not everybody sees.",
		params: DeadLetterParams,
		returns: DeadLetterDetail,
		permission: "system:write",
		errors: ["system.no_such_service", "system.dead_letter_not_found"],
	}),
	replayDeadLetters: post("/api/system/dead-letters/replay", {
		summary: "Give events that were put aside another ten attempts: those named, or all of a service",
		body: ReplayDeadLetters,
		returns: DeadLetterCount,
		permission: "system:write",
		errors: ["system.no_such_service"],
	}),
	discardDeadLetters: post("/api/system/dead-letters/discard", {
		summary: "Give events that were put aside up: what they should have caused does not happen",
		body: DiscardDeadLetters,
		returns: DeadLetterCount,
		permission: "system:write",
		errors: ["system.no_such_service"],
	}),

	getSimulatedNetwork: get("/api/system/simulated-network", {
		summary: "The simulated network, if there is one",
		returns: SimulatedNetwork,
		permission: "system:read",
	}),
	startSimulatedNetwork: post("/api/system/simulated-network", {
		summary: "Start simulated devices and add them to the inventory, or start again those that stopped",
		description:
			"They listen on loopback addresses of the machine that runs the service, so workers must run there, too. Adding them takes devices:write as well. Where a stopped network is started again, `devices` has no effect.",
		body: StartSimulatedNetwork,
		returns: SimulatedNetwork,
		status: 201,
		permission: "system:write",
		timeout_ms: 120_000,
		errors: [
			"system.no_lab",
			"system.simulated_network_running",
			"system.simulated_network_busy",
			"system.simulated_network_failed",
			"system.names_taken",
			"system.workers_elsewhere",
		],
	}),
	changeSimulatedNetwork: post("/api/system/simulated-network/change", {
		summary: "Make somebody type a change on up to three of the simulated devices",
		returns: SimulatedChange,
		permission: "system:write",
		errors: [
			"system.no_simulated_network",
			"system.simulated_network_stopped",
			"system.simulated_network_busy",
			"system.simulated_network_failed",
		],
	}),
	removeSimulatedNetwork: del("/api/system/simulated-network", {
		summary: "Stop the simulated network and remove its devices from the inventory; their backups stay",
		permission: "system:write",
		timeout_ms: 120_000,
		errors: ["system.no_simulated_network", "system.simulated_network_busy", "devices.jump_in_use"],
	}),
});
