"""Services that have an interface or gateway endpoint of AWS PrivateLink, by the part of their name behind the region."""

SERVICES = frozenset(
    """
    access-analyzer account acm acm-pca airflow.api airflow.env airflow.ops analytics-omics apigateway app-integrations
    appconfig appconfigdata appfabric application-autoscaling application-signals appmesh appmesh-envoy-management
    apprunner apprunner.requests appstream.api appstream.streaming appsync appsync-api apptest aps aps-workspaces athena
    auditmanager autoscaling autoscaling-plans awsconnector b2bi backup backup-gateway batch bcm-data-exports
    bcm-pricing-calculator bedrock bedrock-agent bedrock-agent-runtime bedrock-agentcore bedrock-agentcore-control
    bedrock-agentcore.gateway bedrock-data-automation bedrock-data-automation-runtime bedrock-mantle bedrock-runtime
    billing billingconductor braket cases cassandra cassandra-fips cassandra-streams ce cleanrooms cleanrooms-ml
    cloudcontrolapi cloudcontrolapi-fips clouddirectory cloudformation cloudformation-fips cloudhsmv2 cloudtrail
    codeartifact.api codeartifact.repositories codebuild codebuild-fips codecommit codecommit-fips codeconnections.api
    codedeploy codedeploy-commands-secure codeguru-profiler codeguru-reviewer codepipeline codestar-connections.api
    cognito-identity cognito-idp comprehend comprehendmedical compute-optimizer config connect-campaigns console
    control-storage-omics controlcatalog controltower cost-optimization-hub cur data-servicediscovery
    data-servicediscovery-fips databrew dataexchange datasync datazone deadline.management deadline.scheduling detective
    devicefarm devops-guru directconnect directory-service dlm dms dms-fips docdb drs ds ds-data dsql dynamodb
    dynamodb-fips dynamodb-streams ebs ec2 ec2-fips ec2messages ecr.api ecr.dkr ecs ecs-agent ecs-telemetry eks eks-auth
    elastic-inference.runtime elasticache elasticache-fips elasticbeanstalk elasticbeanstalk-health elasticfilesystem
    elasticfilesystem-fips elasticloadbalancing elasticmapreduce email email-smtp emr-containers emr-serverless
    emr-serverless-services.livy emrwal.prod entityresolution events evidently evidently-dataplane evs execute-api
    finspace finspace-api fips.backup firehose fis fms forecast forecast-fips forecastquery forecastquery-fips
    frauddetector freetier fsx fsx-fips geo.geofencing geo.maps geo.metadata geo.places geo.routes geo.tracking glue
    glue.dashboard grafana grafana-workspace greengrass groundstation guardduty guardduty-data guardduty-data-fips
    healthimaging healthlake iam identity-sync identitystore imagebuilder inspector-scan inspector2 internetmonitor
    internetmonitor-fips invoicing iot.credentials iot.data iot.fleethub.api iotdeviceadvisor iotevents.api
    iotevents.data iotfleetwise iotroborunner iotsitewise.api iotsitewise.data iottwinmaker.api iottwinmaker.data
    iotwireless.api kafka kafka-fips kendra kendra-ranking kinesis-firehose kinesis-streams kinesis-streams-fips
    kinesisvideo kms kms-fips lakeformation lambda launchwizard lex-models-v2 lex-runtime-v2 lex.models lex.runtime-v2
    license-manager license-manager-fips license-manager-linux-subscriptions license-manager-user-subscriptions logs
    lookoutequipment lookoutmetrics lookoutvision lorawan.cups lorawan.lns m2 macie2 managedblockchain-query
    managedblockchain.bitcoin.mainnet managedblockchain.bitcoin.testnet mediaconnect mediaconvert medical-imaging
    memory-db memorydb-fips mgn migrationhub-orchestrator migrationhub-strategy models-v2-lex monitoring mq
    neptune-graph neptune-graph-data neptune-graph-fips network-firewall network-firewall-fips networkflowmonitor
    networkflowmonitorreports networkmanager networkmonitor notifications nova-act oam observabilityadmin omics
    organizations organizations-fips outposts panorama partnercentral-selling payment-cryptography.controlplane
    payment-cryptography.dataplane pca-connector-ad pca-connector-scep pcs pcs-fips personalize personalize-events
    personalize-runtime pi pi-fips pinpoint pinpoint-sms-voice-v2 pipes pipes-data pipes-fips polly price-list.api
    private-networks profile proton ps q qapps qbusiness qldb.session quicksight quicksight-website ram rbin rds
    rds-data redshift redshift-data redshift-data-fips redshift-fips redshift-serverless redshift-serverless-fips
    refactor.spaces rekognition rekognition-fips repostspace resource-explorer-2 resource-explorer-2-fips
    resource-groups resource-groups-fips robomaker rolesanywhere route53 route53resolver rtbfabric rum rum-dataplane
    runtime-lex runtime-medical-imaging s3 s3-outposts s3express s3tables s3vectors sagemaker-geospatial sagemaker.api
    sagemaker.featurestore-runtime sagemaker.metrics sagemaker.runtime sagemaker.runtime-fips savingsplans scheduler
    schemas scn secretsmanager securityhub securitylake securitylake-fips serverlessrepo servicecatalog
    servicecatalog-appregistry servicediscovery servicediscovery-fips servicequotas ses-smtp signer signin
    simspaceweaver snow-device-management sns social-messaging sqs ssm ssm-contacts ssm-incidents ssm-quicksetup
    ssmmessages sso states storage-omics storagegateway streaming-rekognition streaming-rekognition-fips sts support
    supportapp swf swf-fips sync-states synthetics synthetics-fips tagging tags-omics tax textract textract-fips
    thinclient.api timestream-influxdb timestream-influxdb-fips timestream.ingest timestream.query tnb transcribe
    transcribestreaming transfer transfer.server transform translate trustedadvisor verifiedpermissions voiceid
    vpc-lattice vpc-lattice-fips wellarchitected wickr wisdom workflows-omics workmail workspaces workspaces-instances
    xray
    """.split()  # noqa: SIM905 - a list of 400 lines says no more
)
"""AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink"."""


def known(name: str) -> bool:
    """Whether a service of the region has an endpoint; the cells of Timestream are numbered."""
    return (
        name in SERVICES
        or name.startswith(("timestream.ingest-cell", "timestream.query-cell"))
        or name.removesuffix("-fips") in SERVICES
    )
