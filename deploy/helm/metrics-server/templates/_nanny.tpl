{{/* The sidecar that sets the server's resources by the number of nodes: Kubernetes' addon-resizer, which calls itself pod_nanny. */}}
{{- define "metrics-server.nannyContainer" -}}
{{- $nanny := .Values.addonResizer -}}
- name: metrics-server-nanny
  image: "{{ $nanny.image.repository }}:{{ $nanny.image.tag }}"
  command:
  - /pod_nanny
  - --config-dir=/etc/config
  - --deployment={{ include "metrics-server.fullname" . }}
  - --container=metrics-server
  - --threshold={{ int $nanny.nanny.threshold }}
  - --poll-period={{ int64 $nanny.nanny.pollPeriod }}
  - --estimator=exponential
  - --minClusterSize={{ int $nanny.nanny.minClusterSize }}
  - --use-metrics=true
  env:
  - name: MY_POD_NAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  - name: MY_POD_NAMESPACE
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
  {{- with $nanny.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $nanny.securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
  - name: nanny-config-volume
    mountPath: /etc/config
{{- end }}
