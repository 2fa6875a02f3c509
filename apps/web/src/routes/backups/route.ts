import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { BackupsSearch } from "./search.ts";

export const backupsRoute = createRoute({
	getParentRoute: () => framed,
	path: "/backups",
	validateSearch: BackupsSearch,
	staticData: {
		needs: "backups:read",
		menu: { section: "Configurations", at: 1, label: "Backups", icon: "history", key: "b" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
