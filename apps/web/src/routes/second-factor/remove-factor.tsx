import { Drawer } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { PasswordAsked } from "./password-asked.tsx";

/** Takes one's own second factor away. */
export function RemoveFactor({ id, onClose }: { id: string; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const remove = useMutation({
		mutationFn: (password: string) => api.auth.removeSecondFactor({ params: { id }, body: { password } }),
		onSuccess: async () => {
			await queries.invalidateQueries({ queryKey: ["me", "second-factors"] });
			toastDone("The second factor is removed");
			onClose();
		},
	});
	return (
		<Drawer opened onClose={onClose} title="Remove the second factor" position="right" size={520}>
			<PasswordAsked action="Remove" send={remove} onClose={onClose}>
				From then on your password alone signs you in. Your recovery codes go with it.
			</PasswordAsked>
		</Drawer>
	);
}
