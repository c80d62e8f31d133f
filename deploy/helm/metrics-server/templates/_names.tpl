{{/* Names and labels. Those that appear in objects are the same as in upstream's chart, so that a release can be upgraded to this one. */}}

{{- define "metrics-server.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The objects' name: the release's, when that tells what it is already. */}}
{{- define "metrics-server.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name }}
{{- $whole := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- .Values.fullnameOverride | default $whole | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "metrics-server.namespace" -}}
{{ .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{- define "metrics-server.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary (include "metrics-server.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "metrics-server.selectorLabels" -}}
app.kubernetes.io/name: {{ include "metrics-server.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "metrics-server.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "metrics-server.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Name, namespace and labels of a namespaced object. */}}
{{- define "metrics-server.metadata" -}}
name: {{ include "metrics-server.fullname" . }}
namespace: {{ include "metrics-server.namespace" . }}
labels:
  {{- include "metrics-server.labels" . | nindent 2 }}
{{- end }}

{{/* The ServiceAccount as the subject of a binding. */}}
{{- define "metrics-server.subjects" -}}
- kind: ServiceAccount
  name: {{ include "metrics-server.serviceAccountName" . }}
  namespace: {{ include "metrics-server.namespace" . }}
{{- end }}

{{- define "metrics-server.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default (printf "v%s" .Chart.AppVersion) }}
{{- end }}

{{/* Whether the policy/v1beta1 PodSecurityPolicy is wanted and exists. */}}
{{- define "metrics-server.hasPsp" -}}
{{- if and .Values.rbac.pspEnabled (semverCompare "<1.25-0" .Capabilities.KubeVersion.Version) }}yes{{ end }}
{{- end }}

{{/* The Secret that the serving certificate is mounted from. Empty: the server makes its own. */}}
{{- define "metrics-server.certificateSecret" -}}
{{- if eq .Values.tls.type "existingSecret" }}
{{- .Values.tls.existingSecret.name | default (include "metrics-server.fullname" .) }}
{{- else if has .Values.tls.type (list "helm" "cert-manager") }}
{{- include "metrics-server.fullname" . }}
{{- else if ne .Values.tls.type "metrics-server" }}
{{- fail (printf "tls.type is %q; it has to be metrics-server, helm, cert-manager or existingSecret" .Values.tls.type) }}
{{- end }}
{{- end }}

{{/* The names that the API server and others know the Service by: a YAML list. */}}
{{- define "metrics-server.serviceNames" -}}
{{- $name := printf "%s.%s" (include "metrics-server.fullname" .) (include "metrics-server.namespace" .) -}}
- {{ $name }}
- {{ $name }}.svc
- {{ $name }}.svc.{{ .Values.tls.clusterDomain }}
{{- end }}
