import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { PoliciesSearch } from "./search.ts";

export const approvalPoliciesRoute = createRoute({
	getParentRoute: () => framed,
	path: "/approvals/policies",
	validateSearch: PoliciesSearch,
	staticData: { needs: "approvals:read", of_all: true },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
