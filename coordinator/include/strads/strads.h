#pragma once

// All that an app needs.
#include <strads/app.h>
#include <strads/column_matrix.h>
#include <strads/completed_file.h>
#include <strads/data_parallel.h>
#include <strads/dataset.h>
#include <strads/duality.h>
#include <strads/error.h>
#include <strads/labelled_rows.h>
#include <strads/main.h>
#include <strads/message.h>
#include <strads/model_file.h>
#include <strads/parallel.h>
#include <strads/prox.h>
#include <strads/random.h>
#include <strads/rating.h>
#include <strads/rotation.h>
#include <strads/rotation_schedule.h>
#include <strads/run.h>
#include <strads/schedule.h>
#include <strads/sum.h>
