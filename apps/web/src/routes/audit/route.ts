import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { AuditSearch } from "./search.ts";

export const auditRoute = createRoute({
	getParentRoute: () => framed,
	path: "/audit",
	validateSearch: AuditSearch,
	staticData: {
		needs: "audit:read",
		menu: { section: "Administration", at: 5, label: "Audit", icon: "list", key: "a" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
